// The navigation over the screen, where there is no room beside it.
import { useRouter } from "@tanstack/react-router";
import { Dialog as D } from "radix-ui";
import { X } from "lucide-react";
import { useEffect } from "react";
import { IconButton } from "@/ui/button";
import { useFocusBack } from "@/ui/focus-back";
import { Navigation } from "./navigation";

interface Opened {
  onClose: () => void;
  openPalette: () => void;
  openHelp: () => void;
}

export default function Drawer({ open, ...opened }: { open: boolean } & Opened) {
  return (
    <D.Root open={open} onOpenChange={(o) => !o && opened.onClose()}>
      <D.Portal>
        <D.Overlay className="fixed inset-0 z-40 bg-shade md:hidden" />
        <Content {...opened} />
      </D.Portal>
    </D.Root>
  );
}

function Content({ onClose, openPalette, openHelp }: Opened) {
  const { after, onCloseAutoFocus } = useFocusBack();
  const router = useRouter();
  useEffect(() => router.subscribe("onBeforeNavigate", ({ pathChanged }) => pathChanged && onClose()), [router, onClose]);
  // What a button of the drawer opens takes the drawer's place, and the focus.
  const instead = (run: () => void) => () => {
    after(run);
    onClose();
  };
  return (
    <D.Content
      aria-describedby={undefined}
      onOpenAutoFocus={(e) => {
        e.preventDefault();
        (e.currentTarget as HTMLElement).focus();
      }}
      onCloseAutoFocus={onCloseAutoFocus}
      onClick={(e) => e.target instanceof Element && e.target.closest("a") && onClose()}
      className="fixed inset-y-0 left-0 z-40 w-72 max-w-[85vw] border-r bg-sunken shadow-(--shadow-floating) outline-none md:hidden"
    >
      <D.Title className="sr-only">Menu</D.Title>
      <Navigation
        openPalette={instead(openPalette)}
        openHelp={instead(openHelp)}
        close={
          <D.Close asChild>
            <IconButton icon={X} label="Close the menu" />
          </D.Close>
        }
      />
    </D.Content>
  );
}
