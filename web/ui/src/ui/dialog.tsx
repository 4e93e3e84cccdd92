import { Dialog as D } from "radix-ui";
import { X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Button, IconButton } from "./button";
import { useFocusBack } from "./focus-back";
import { Input } from "./form";
import { ProblemBox } from "./problem";
import { cx } from "./cx";

interface Content {
  title: ReactNode;
  description?: ReactNode;
  children?: ReactNode;
  actions?: ReactNode;
  wide?: boolean;
  /** What it shows is not shown again: a press beside it does not close it. */
  firm?: boolean;
}

/** A dialog. `actions` stand at its foot, the main one last. */
export function Dialog({ open, onClose, ...content }: { open: boolean; onClose: () => void } & Content) {
  return (
    <D.Root open={open} onOpenChange={(o) => !o && onClose()}>
      <D.Portal>
        <D.Overlay className="fixed inset-0 z-40 bg-shade" />
        <Content {...content} />
      </D.Portal>
    </D.Root>
  );
}

function Content({ title, description, children, actions, wide, firm }: Content) {
  const { onCloseAutoFocus } = useFocusBack();
  return (
    <D.Content
      {...(description ? {} : { "aria-describedby": undefined })}
      onOpenAutoFocus={(e) => {
        // The first field, else the dialog: not its closing button, whose tooltip would come up by itself.
        const content = e.currentTarget as HTMLElement;
        e.preventDefault();
        if (!content.contains(document.activeElement)) (content.querySelector<HTMLElement>("input, select, textarea, [data-autofocus]") ?? content).focus();
      }}
      onInteractOutside={(e) => firm && e.preventDefault()}
      onCloseAutoFocus={onCloseAutoFocus}
      className={cx("fixed top-[8vh] left-1/2 z-40 flex max-h-[84vh] w-[calc(100vw-2rem)] -translate-x-1/2 flex-col rounded-lg border bg-surface shadow-(--shadow-floating) outline-none", wide ? "max-w-3xl" : "max-w-lg")}
    >
      <div className="flex items-start gap-3 px-5 pt-4 pb-3">
        <div className="min-w-0 flex-1">
          <D.Title className="text-base">{title}</D.Title>
          {description && <D.Description className="mt-1 text-sm text-muted">{description}</D.Description>}
        </div>
        <D.Close asChild>
          <IconButton icon={X} label="Close" size="sm" />
        </D.Close>
      </div>
      {children && <div className="min-h-0 overflow-auto px-5 pb-4">{children}</div>}
      {actions && <div className="flex flex-wrap justify-end gap-2 border-t px-5 py-3">{actions}</div>}
    </D.Content>
  );
}

/** Asks before what cannot be undone. With `name`, the person has to type it. */
export function Confirm({ open, onClose, title, children, action, name, run }: { open: boolean; onClose: () => void; title: string; children?: ReactNode; action: string; name?: string; run: () => Promise<unknown> }) {
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const close = () => {
    setTyped("");
    setError(null);
    onClose();
  };
  const go = async () => {
    setBusy(true);
    setError(null);
    try {
      await run();
      close();
    } catch (e) {
      setError(e);
    } finally {
      setBusy(false);
    }
  };
  const allowed = !name || typed === name;
  return (
    <Dialog
      open={open}
      onClose={close}
      title={title}
      actions={
        <>
          <Button onClick={close}>Keep it</Button>
          <Button kind="danger" disabled={!allowed} busy={busy} onClick={() => void go()}>
            {action}
          </Button>
        </>
      }
    >
      <form
        className="space-y-3 text-sm text-muted"
        onSubmit={(e) => {
          e.preventDefault();
          if (allowed) void go();
        }}
      >
        {children}
        {name && (
          <label className="block">
            Type <strong className="font-semibold text-ink">{name}</strong> to go on
            <Input className="mt-1 w-full" value={typed} onChange={(e) => setTyped(e.target.value)} autoComplete="off" spellCheck={false} />
          </label>
        )}
        {error !== null && <ProblemBox error={error} />}
      </form>
    </Dialog>
  );
}
