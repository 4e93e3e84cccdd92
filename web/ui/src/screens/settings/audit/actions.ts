/** What the audit log calls things, in words. A test holds them against what the server writes. */
export const actionGroups: readonly { group: string; actions: Readonly<Record<string, string>> }[] = [
  {
    group: "Accounts",
    actions: {
      sign_in: "Sign in",
      sign_out: "Sign out",
      "sessions.end": "End sessions",
      setup: "Make the first account",
      "user.add": "Add a user",
      "user.change": "Change a user",
      "user.remove": "Delete a user",
      "password.change": "Change the password",
      "password.reset": "Set a password",
      "link.create": "Make a one-time link",
      "token.create": "Make a token",
      "token.revoke": "Revoke a token",
      "access.refused": "Try what the role does not allow",
    },
  },
  {
    group: "Queries",
    actions: {
      "query.run": "Run a query",
      "query.export": "Export a query’s result",
      "query.explain": "Explain a query",
      "query.cancel": "Cancel a query",
      "saved_query.add": "Save a query",
      "saved_query.change": "Change a saved query",
      "saved_query.delete": "Delete a saved query",
      "dashboard.add": "Add a dashboard",
      "dashboard.change": "Change a dashboard",
      "dashboard.delete": "Delete a dashboard",
      "dashboard.import": "Import dashboards",
    },
  },
  {
    group: "Sources and tables",
    actions: {
      "source.add": "Connect a source",
      "source.change": "Change a source",
      "source.remove": "Remove a source",
      "source.pause": "Pause a source",
      "source.resume": "Resume a source",
      "source.tail": "Watch the live tail",
      "stream.sample": "Sample a stream",
      "column.read": "Look at the values of a column",
      "table.change": "Change a schema",
      "quarantine.read": "Read the quarantine",
      "quarantine.replay": "Replay the quarantine",
      "quarantine.delete": "Delete from the quarantine",
    },
  },
  { group: "The server", actions: { "backup.start": "Start a backup", "audit.export": "Export the audit log" } },
];

const words: Readonly<Record<string, string>> = Object.assign({}, ...actionGroups.map((g) => g.actions)) as Record<string, string>;

/** An action in words; one that is not known here as it is written. */
export function actionName(action: string): string {
  return Object.hasOwn(words, action) ? words[action]! : action;
}
