// What to do about a source that cannot read. The server tells what failed; it goes on trying by itself in every case.

const advices: readonly [RegExp, (found: RegExpExecArray) => string][] = [
  [/key that encrypts/i, () => "Add the action kms:Decrypt on the stream's key to the policy of the role or user that Helios uses."],
  [/does not allow (\w+:\w+)/i, (found) => `Add the action ${found[1]} to the policy of the role or user that Helios uses.`],
  [/credentials have expired/i, () => "Sign in again where Helios runs, for example with `aws sso login`."],
  [/no valid AWS credentials|does not accept the credentials/i, () => "Check the credentials where Helios runs: `aws sts get-caller-identity` shows whether they are valid, and whose they are."],
  [/there is no stream|ResourceNotFound/i, () => "The stream was deleted, or it is in another region or account. If it will not come back, remove the source: its table can stay."],
  [/cannot be reached|no such host|connection refused|timeout|timed out/i, () => "Check the endpoint, the region, the network and proxies between Helios and the stream."],
  [/throttled|LimitExceeded|ProvisionedThroughput/i, () => "Others read the stream too. Reading by fan-out has limits of its own: see the settings."],
  [/no space|disk/i, () => "Make room on the disk, or keep less: see how long the table is kept, in the settings."],
];

/** The next thing to try, given what failed. */
export function advice(error: string): string {
  for (const [pattern, say] of advices) {
    const found = pattern.exec(error);
    if (found) return `${say(found)} Reading goes on by itself as soon as it can.`;
  }
  return "Helios tries again by itself. If it goes on failing, its log tells more.";
}
