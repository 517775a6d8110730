/** Seconds as people read them: 83 is 1:23. */
export function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  if (whole >= 3600) {
    parts.unshift(Math.floor(whole / 3600));
  }
  return parts
    .map((each, i) => (i === 0 ? `${each}` : `${each}`.padStart(2, "0")))
    .join(":");
}
