import { Copy } from "lucide-react";
import { copy } from "@/lib/clipboard";
import { IconButton } from "./button";
import { cx } from "./cx";

/** Text to be copied: SQL, YAML, a policy, a command. */
export function CodeBlock({ text, label = "Copy", className, wrap, tall }: { text: string; label?: string; className?: string; wrap?: boolean; tall?: boolean }) {
  return (
    <div className={cx("relative rounded-md border bg-sunken", className)}>
      <pre tabIndex={0} aria-label={label} className={cx("overflow-auto p-3 pr-10 text-xs", tall ? "max-h-[64dvh]" : "max-h-80", wrap ? "whitespace-pre-wrap [overflow-wrap:anywhere]" : "whitespace-pre")}>
        {text}
      </pre>
      <IconButton icon={Copy} label={label} size="sm" className="absolute top-1.5 right-1.5 bg-sunken" onClick={() => void copy(text)} />
    </div>
  );
}
