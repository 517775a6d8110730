// The browser's information about the network.

export interface Connection {
  saveData?: boolean;
  effectiveType?: string;
}

export function connection(): Connection {
  const { navigator } = globalThis as {
    navigator?: { connection?: Connection };
  };
  return navigator?.connection ?? {};
}

/** Whether nothing should be fetched in advance on this connection. */
export function isThrifty(): boolean {
  const { saveData, effectiveType } = connection();
  return (
    saveData === true || effectiveType === "2g" || effectiveType === "slow-2g"
  );
}

export function online(): boolean {
  return globalThis.navigator?.onLine !== false;
}
