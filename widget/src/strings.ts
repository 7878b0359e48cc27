/** Every word of the interface, English and Spanish. What the guide itself says comes from the server. */
const table = {
  lang: ["en", "es"],
  launcher: ["Ask the guide", "Pregunte a la guía"],
  title: ["Patient guide", "Guía para pacientes"],
  close: ["Close", "Cerrar"],
  conversation: ["Conversation", "Conversación"],
  unwatched: ["Not monitored.", "Nadie vigila este chat."],
  nobody: [
    "In an emergency, call your local emergency number.",
    "En una emergencia, llame al número de emergencias.",
  ],
  emergency: ["Emergency", "Emergencia"],
  care_team: ["Care team", "Equipo médico"],
  after_hours: ["After hours", "Fuera de horario"],
  crisis: ["Crisis line", "Línea de crisis"],
  greeting: [
    "Ask me about CAR T-cell therapy. I am a computer program that quotes texts.",
    "Pregúnteme, en inglés, sobre la terapia CAR-T. Soy un programa que cita textos.",
  ],
  question: ["Your question", "Su pregunta"],
  send: ["Send", "Enviar"],
  thinking: ["Looking it up", "Buscando"],
  you: ["You", "Usted"],
  guide: ["Guide", "Guía"],
  urgent: ["Urgent", "Urgente"],
  details: ["What to say and do", "Qué decir y hacer"],
  passage: ["Show the whole passage", "Ver el texto completo"],
  suggestions: ["Suggestions", "Sugerencias"],
  helped: ["This helped", "Me sirvió"],
  unhelpful: ["This did not help", "No me sirvió"],
  more: ["Tell me more", "Más sobre esto"],
  failed: [
    "I could not get an answer. Please try again, or call.",
    "No hay respuesta. Inténtelo de nuevo o llame.",
  ],
  again: ["Try again", "Intentar de nuevo"],
  wait: ["Please wait {n} seconds.", "Espere {n} segundos."],
  copy: ["Copy", "Copiar"],
  copied: ["Copied", "Copiado"],
  uncopied: ["Not allowed here", "No permitido"],
  print: ["Print", "Imprimir"],
  clear: ["Clear", "Borrar"],
  sure: ["Clear for good?", "¿Borrar del todo?"],
  renewed: [
    "A new conversation: I do not know what was said before.",
    "Conversación nueva: ya no sé lo que se dijo antes.",
  ],
  cleared: ["The conversation has been deleted.", "La conversación se ha borrado."],
  uncleared: [
    "Deleted here, but not yet at the clinic.",
    "Borrada aquí, pero aún no en la clínica.",
  ],
};

export type Strings = Record<keyof typeof table, string>;

/** What the guide understands; sent whatever the interface's language. */
export const SAYS = {
  helped: "that was helpful",
  unhelpful: "that did not help",
  more: "tell me more",
};

/** Returns the words of a language such as `es-MX`; English for one that has none. */
export const stringsOf = (lang: string): Strings => {
  const column = /^es\b/i.test(lang) ? 1 : 0;
  return Object.fromEntries(Object.entries(table).map(([name, row]) => [name, row[column]])) as Strings;
};
