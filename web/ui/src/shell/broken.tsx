import { Compass, TriangleAlert } from "lucide-react";
import { LinkButton, Button } from "@/ui/button";
import { Empty, Page, useTitle } from "@/ui/layout";

/** What is shown instead of a screen that failed. */
export function Broken({ error }: { error: unknown }) {
  return (
    <Page title="This screen stopped working">
      <Empty
        icon={TriangleAlert}
        title="Something went wrong in the console"
        actions={
          <>
            <Button kind="primary" onClick={() => location.reload()}>
              Load the page again
            </Button>
            <LinkButton to="/">Overview</LinkButton>
          </>
        }
      >
        <p className="break-words">{error instanceof Error ? error.message : String(error)}</p>
      </Empty>
    </Page>
  );
}

export function NotFound() {
  useTitle("Not found");
  return (
    <Page title="Not found">
      <Empty icon={Compass} title="There is nothing at this address" actions={<LinkButton to="/">Overview</LinkButton>}>
        It may have been removed, or the link is mistyped.
      </Empty>
    </Page>
  );
}
