const PATHS = {
  play: "M8 5.1v13.8c0 .8.9 1.3 1.5.8l10.3-6.9a1 1 0 0 0 0-1.6L9.5 4.3C8.9 3.8 8 4.3 8 5.1z",
  pause: "M7 4.5h3v15H7zM14 4.5h3v15h-3z",
  previous:
    "M6 5h2.2v14H6zM19 5.6v12.8c0 .6-.7 1-1.2.6l-8.6-6.4a.8.8 0 0 1 0-1.2l8.6-6.4c.5-.4 1.2 0 1.2.6z",
  next: "M15.8 5H18v14h-2.2zM5 5.6v12.8c0 .6.7 1 1.2.6l8.6-6.4a.8.8 0 0 0 0-1.2L6.2 5C5.7 4.6 5 5 5 5.6z",
  loud: "M4 9.2v5.6h3.6l4.9 4.2V5L7.6 9.2zM15.2 8.4a5 5 0 0 1 0 7.2M17.8 5.8a8.7 8.7 0 0 1 0 12.4",
  muted: "M4 9.2v5.6h3.6l4.9 4.2V5L7.6 9.2zM16 9.5l5 5M21 9.5l-5 5",
  shuffle:
    "M3.5 17.5h3.2c4.6 0 5.6-11 10.2-11h3M3.5 6.5h3.2c1.7 0 2.9 1.4 3.8 3.2M13.2 14.3c.9 1.8 2 3.2 3.7 3.2h3M17.4 4l2.6 2.5L17.4 9M17.4 15l2.6 2.5-2.6 2.5",
  repeat:
    "M4.5 11.5V10a3.5 3.5 0 0 1 3.5-3.5h11.3M19.5 12.5V14a3.5 3.5 0 0 1-3.5 3.5H4.7M16.8 4l2.6 2.5L16.8 9M7.2 15l-2.6 2.5L7.2 20",
  one: "M4.5 11.5V10a3.5 3.5 0 0 1 3.5-3.5h11.3M19.5 12.5V14a3.5 3.5 0 0 1-3.5 3.5H4.7M16.8 4l2.6 2.5L16.8 9M7.2 15l-2.6 2.5L7.2 20M11 10.6l1.3-.8v4.8",
  note: "M9 18.5V6.2l10-2v12.1M9 18.5a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 16.3a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
} as const;

const LINES: readonly string[] = [
  "loud",
  "muted",
  "shuffle",
  "repeat",
  "one",
  "note",
];

export function Icon({ name }: { name: keyof typeof PATHS }) {
  const lines = LINES.includes(name);
  return (
    <svg
      className="voyo-icon"
      viewBox="0 0 24 24"
      aria-hidden="true"
      fill={lines ? "none" : "currentColor"}
      stroke={lines ? "currentColor" : "none"}
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
