import { useBlocker } from "@tanstack/react-router";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ProblemBox } from "@/ui/problem";
import type { Editing } from "./draft";

/** Asks before changes are lost by going elsewhere. */
export function Leaving({ editing }: { editing: Editing }) {
  const { dirty, saving, save } = editing;
  const blocker = useBlocker({ shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname, enableBeforeUnload: () => dirty, withResolver: true });
  if (blocker.status !== "blocked") return null;
  return (
    <Dialog
      open
      onClose={blocker.reset}
      title="The changes are not saved"
      description="Going on without saving loses what you changed of this dashboard."
      actions={
        <>
          <Button onClick={blocker.reset}>Stay here</Button>
          <Button kind="danger" onClick={blocker.proceed}>
            Lose the changes
          </Button>
          <Button
            kind="primary"
            busy={saving}
            onClick={() =>
              void save().then((saved) => {
                if (saved) blocker.proceed();
                else blocker.reset(); // the dashboard says why
              })
            }
          >
            Save and go on
          </Button>
        </>
      }
    />
  );
}

/** Says why a dashboard could not be saved; when somebody was quicker, what can be done about it. */
export function SaveProblem({ editing, copyMine }: { editing: Editing; copyMine: () => void }) {
  if (!editing.conflict) {
    return (
      <Dialog open onClose={editing.dismiss} title="The dashboard was not saved">
        <ProblemBox error={editing.error} retry={() => void editing.save()} />
      </Dialog>
    );
  }
  return (
    <Dialog
      open
      onClose={editing.dismiss}
      title="Somebody else has changed this dashboard"
      description="They saved it after you began, so saving now would undo what they did. Nothing of yours is lost yet: choose what becomes of it."
      actions={
        <>
          <Button kind="danger" onClick={editing.discard}>
            Take theirs, lose mine
          </Button>
          <Button kind="danger" busy={editing.saving} onClick={() => void editing.save(true)}>
            Save mine over theirs
          </Button>
          <Button kind="primary" onClick={copyMine}>
            Save mine as a copy
          </Button>
        </>
      }
    />
  );
}
