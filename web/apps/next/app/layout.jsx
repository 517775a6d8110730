import "voyo-player/styles.css";

export const metadata = { title: "An app of Next's app router" };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
