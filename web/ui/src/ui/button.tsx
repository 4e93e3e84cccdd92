import type { ButtonHTMLAttributes, ComponentProps, ReactNode } from "react";
import { createLink } from "@tanstack/react-router";
import type { LucideIcon } from "lucide-react";
import { useSession } from "@/lib/session";
import { Tooltip } from "./tooltip";
import { cx } from "./cx";

type Kind = "primary" | "secondary" | "quiet" | "danger";

const shapes = "inline-flex shrink-0 items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium transition-colors disabled:cursor-not-allowed disabled:opacity-50 aria-disabled:opacity-50";
const sizes = { md: "h-8 px-3 text-sm", sm: "h-7 px-2 text-xs" };
const kinds: Record<Kind, string> = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  secondary: "border border-edge bg-surface text-ink shadow-(--shadow-raised) hover:bg-hover",
  quiet: "text-muted hover:bg-hover hover:text-ink aria-pressed:bg-hover aria-pressed:text-ink",
  danger: "border border-bad/50 bg-surface text-bad hover:bg-bad-soft",
};

interface Look {
  kind?: Kind;
  size?: "md" | "sm";
  icon?: LucideIcon;
}

/** A button. One primary button a screen at most. */
export function Button({ kind = "secondary", size = "md", icon: Icon, busy, className, children, ...rest }: Look & { busy?: boolean; children: ReactNode } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button type="button" {...rest} aria-busy={busy || undefined} disabled={rest.disabled || busy} className={cx(shapes, sizes[size], kinds[kind], className)}>
      {busy ? <Spinner /> : Icon && <Icon size={size === "sm" ? 14 : 15} aria-hidden />}
      {children}
    </button>
  );
}

/** A link that looks like a button, to what is no screen of the console. */
export function Anchor({ kind = "secondary", size = "md", icon: Icon, className, children, ...rest }: Look & ComponentProps<"a">) {
  return (
    <a {...rest} className={cx(shapes, sizes[size], kinds[kind], className)}>
      {Icon && <Icon size={size === "sm" ? 14 : 15} aria-hidden />}
      {children}
    </a>
  );
}

const Linked = createLink(Anchor);

/** A link to a screen that looks like a button. It is not there for those for whom the screen is not. */
export const LinkButton = ((props: ComponentProps<typeof Linked>) => {
  const { reaches } = useSession();
  return typeof props.to === "string" && !reaches(props.to) ? null : <Linked {...props} />;
}) as typeof Linked;

/** A button that is only an icon: its label is read out, and shown in a tooltip. */
export function IconButton({ icon: Icon, label, size = "md", kind = "quiet", className, ...rest }: { icon: LucideIcon; label: string; size?: "md" | "sm"; kind?: Kind } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <Tooltip text={label}>
      <button type="button" {...rest} aria-label={label} className={cx(shapes, kinds[kind], size === "sm" ? "size-6" : "size-8", className)}>
        <Icon size={size === "sm" ? 14 : 16} aria-hidden />
      </button>
    </Tooltip>
  );
}

export function Spinner({ className }: { className?: string }) {
  return (
    <svg className={cx("size-3.5 animate-spin", className)} viewBox="0 0 16 16" fill="none" aria-hidden>
      <circle cx="8" cy="8" r="6.5" stroke="currentColor" strokeOpacity="0.25" strokeWidth="2.5" />
      <path d="M14.5 8A6.5 6.500 0 0 0 8 1.500" stroke="currentColor" strokeWidth="2.5" strokeLinecap="round" />
    </svg>
  );
}
