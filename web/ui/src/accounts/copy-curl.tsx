import { Terminal } from "lucide-react";
import { copy } from "@/lib/clipboard";
import { curl } from "@/lib/curl";
import { Button } from "@/ui/button";

/** Copies what a shell asks for the same. The path is made when it is copied. */
export function CopyCurl({ path }: { path: () => string }) {
  return (
    <Button kind="quiet" size="sm" icon={Terminal} className="max-sm:hidden" onClick={() => void copy(curl(path()), "Copied as curl")}>
      Copy as curl
    </Button>
  );
}
