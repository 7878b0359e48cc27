"""The NLU graph: encode once, detect symptoms, find the passage."""
