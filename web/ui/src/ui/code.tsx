import { Copy } from "lucide-react";
import { copy } from "@/lib/clipboard";
import { IconButton } from "./button";
import { cx } from "./cx";

/** Text to be copied: SQL, YAML, a policy, a command. */
export function CodeBlock({ text, label = "Copy", className, wrap, tall }: { text: string; label?: string; className?: string; wrap?: boolean; tall?: boolean }) {
  return (
    <div className={cx("flex items-start rounded-md border bg-sunken", className)}>
      <pre tabIndex={0} aria-label={label} className={cx("min-w-0 flex-1 overflow-auto p-3 text-xs", tall ? "max-h-[64dvh]" : "max-h-80", wrap ? "whitespace-pre-wrap [overflow-wrap:anywhere]" : "whitespace-pre")}>
        {text}
      </pre>
      <IconButton icon={Copy} label={label} size="sm" className="m-1.5" onClick={() => void copy(text)} />
    </div>
  );
}
