// For engines that cannot be set offline: the page is told that it is.

export const tellOffline = (is) => `void (
  Object.defineProperty(navigator, "onLine",
    { value: ${!is}, configurable: true }),
  dispatchEvent(new Event("${is ? "offline" : "online"}")))`;
