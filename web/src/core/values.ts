// Validates a page's arguments before anything is changed.

export function finite(what: string, value: number): number {
  if (!Number.isFinite(value)) {
    throw new TypeError(`${what} is not a finite number: ${String(value)}`);
  }
  return value;
}

export function whole(what: string, value: number): number {
  if (!Number.isInteger(value)) {
    throw new TypeError(`${what} is not a whole number: ${String(value)}`);
  }
  return value;
}

export function within(
  what: string,
  value: number,
  least: number,
  most: number,
): number {
  if (finite(what, value) < least || value > most) {
    throw new RangeError(
      `${what} is not within ${least} and ${most}: ${value}`,
    );
  }
  return value;
}

export function oneOf<T>(what: string, value: T, all: readonly T[]): T {
  if (!all.includes(value)) {
    throw new TypeError(
      `${what} is none of ${all.join(", ")}: ${String(value)}`,
    );
  }
  return value;
}
