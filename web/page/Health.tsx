import { useEffect, useState } from "react";

interface HealthAnswer {
  status: string;
  cacheSize: number;
  checks: Record<string, { status: string }>;
}

export function Health({ base }: { base: string }) {
  const [shown, setShown] = useState({ status: "", text: "Asking…" });

  useEffect(() => {
    const look = async () => setShown(await health(base));
    void look();
    const timer = setInterval(look, 10_000);
    return () => clearInterval(timer);
  }, [base]);

  return (
    <p id="health" data-status={shown.status}>
      {shown.text}
    </p>
  );
}

async function health(base: string) {
  try {
    const answer = await fetch(`${base}/health`, { cache: "no-store" });
    const { status, cacheSize, checks } = (await answer.json()) as HealthAnswer;
    const bad = Object.entries(checks)
      .filter(([, check]) => check.status !== "ok")
      .map(([name]) => name);
    const which = bad.length > 0 ? ` (${bad.join(", ")})` : "";
    return { status, text: `${status}${which}, ${cacheSize} tracks known` };
  } catch {
    return { status: "unhealthy", text: "the server does not answer" };
  }
}
