import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, type Ref } from "react";
import { cx } from "./cx";

const box = "rounded-md border border-edge bg-surface text-ink placeholder:text-faint disabled:opacity-60 aria-invalid:border-bad";

export function Input({ className, small, ...rest }: InputHTMLAttributes<HTMLInputElement> & { small?: boolean; ref?: Ref<HTMLInputElement> }) {
  return <input {...rest} className={cx(box, small ? "h-7 px-2 text-xs" : "h-8 px-2.5 text-sm", className)} />;
}

export function Textarea({ className, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return <textarea {...rest} className={cx(box, "px-2.5 py-1.5 text-sm", className)} />;
}

/** The browser's own select: at home on every device and for every aid. */
export function Select({ className, small, ...rest }: SelectHTMLAttributes<HTMLSelectElement> & { small?: boolean }) {
  return <select {...rest} className={cx(box, small ? "h-7 px-1.5 text-xs" : "h-8 px-2 text-sm", className)} />;
}

/** A label, a control and what is to be said about it. The control is given the id that the label names. */
export function Field({ label, hint, error, children, className }: { label: ReactNode; hint?: ReactNode; error?: ReactNode; className?: string; children: (control: { id: string; "aria-describedby"?: string; "aria-invalid"?: boolean }) => ReactNode }) {
  const id = useId();
  const said = error ?? hint;
  return (
    <div className={cx("space-y-1", className)}>
      <label htmlFor={id} className="block text-sm font-medium">
        {label}
      </label>
      {children({ id, "aria-describedby": said ? `${id}-said` : undefined, "aria-invalid": error ? true : undefined })}
      {said && (
        <p id={`${id}-said`} className={cx("text-xs", error ? "text-bad" : "text-faint")}>
          {said}
        </p>
      )}
    </div>
  );
}

export function Switch({ checked, onChange, label, hideLabel }: { checked: boolean; onChange: (on: boolean) => void; label: string; hideLabel?: boolean }) {
  const id = useId();
  return (
    <span className="inline-flex items-center gap-2">
      <button
        type="button"
        id={id}
        role="switch"
        aria-checked={checked}
        aria-label={hideLabel ? label : undefined}
        onClick={() => onChange(!checked)}
        className="group relative h-4.5 w-8 rounded-full bg-edge transition-colors aria-checked:bg-accent"
      >
        <span className="block size-3.5 translate-x-0.5 rounded-full bg-surface shadow transition-transform group-aria-checked:translate-x-4" />
      </button>
      {!hideLabel && (
        <label htmlFor={id} className="text-sm">
          {label}
        </label>
      )}
    </span>
  );
}

export function Checkbox({ label, ...rest }: { label: ReactNode } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <label className="inline-flex items-center gap-2 text-sm">
      <input type="checkbox" {...rest} className="size-3.5 accent-(--accent)" />
      {label}
    </label>
  );
}

/** A few choices of which one is taken, side by side. */
export function Segmented<T extends string>({ value, onChange, options, label, small }: { value: T; onChange: (v: T) => void; options: readonly { value: T; label: ReactNode; title?: string }[]; label: string; small?: boolean }) {
  return (
    <div role="radiogroup" aria-label={label} className="inline-flex rounded-md border border-edge bg-surface p-0.5">
      {options.map((o, i) => (
        <button
          key={o.value}
          type="button"
          role="radio"
          title={o.title}
          aria-checked={o.value === value}
          tabIndex={o.value === value || (i === 0 && !options.some((x) => x.value === value)) ? 0 : -1}
          onClick={() => onChange(o.value)}
          onKeyDown={(e) => {
            const step = e.key === "ArrowRight" || e.key === "ArrowDown" ? 1 : e.key === "ArrowLeft" || e.key === "ArrowUp" ? -1 : 0;
            if (!step) return;
            e.preventDefault();
            const next = (i + step + options.length) % options.length;
            onChange(options[next]!.value);
            (e.currentTarget.parentElement!.children[next] as HTMLElement).focus();
          }}
          className={cx("inline-flex items-center gap-1 rounded-sm font-medium text-muted hover:text-ink aria-checked:bg-hover aria-checked:text-ink", small ? "h-6 px-2 text-xs" : "h-6.5 px-2.5 text-sm")}
        >
          {o.label}
        </button>
      ))}
    </div>
  );
}
