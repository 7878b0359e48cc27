import type { Page } from "playwright-core";

export interface Announcement {
  how: string;
  text: string;
}

/**
 * Notes what a screen reader would be told: text that is added to a live region which was there before.
 *
 * It watches from before the page's own scripts run, so that nothing restored goes unseen.
 */
export async function listen(page: Page): Promise<() => Promise<Announcement[]>> {
  await page.addInitScript(() => {
    const heard: { how: string; text: string }[] = [];
    Object.assign(window, { heard });
    const attach = Element.prototype.attachShadow;
    const watch = (root: Node): void =>
      new MutationObserver((records) => {
        for (const { target, addedNodes, type } of records) {
          const region = (target instanceof Element ? target : target.parentElement)?.closest("[aria-live]");
          const how = region?.getAttribute("aria-live");
          if (!region || how === "off") continue;
          if (type === "characterData") heard.push({ how: how ?? "", text: target.textContent ?? "" });
          for (const node of addedNodes) heard.push({ how: how ?? "", text: node.textContent ?? "" });
        }
      }).observe(root, { subtree: true, childList: true, characterData: true });
    Element.prototype.attachShadow = function (options) {
      const root = attach.call(this, options);
      watch(root);
      return root;
    };
    document.addEventListener("DOMContentLoaded", () => watch(document.body));
  });
  return () => page.evaluate(() => (window as unknown as { heard: Announcement[] }).heard);
}

export interface AxNode {
  role: string;
  name: string;
  properties: Record<string, unknown>;
  parent: string;
  id: string;
}

/** Returns Chromium's accessibility tree: what assistive technology is given. */
export async function tree(page: Page): Promise<AxNode[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  await session.detach();
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name, properties, parentId, nodeId }) => ({
      role: String(role?.value ?? ""),
      name: String(name?.value ?? ""),
      properties: Object.fromEntries((properties ?? []).map(({ name, value }) => [name, value.value as unknown])),
      parent: parentId ?? "",
      id: nodeId,
    }));
}
