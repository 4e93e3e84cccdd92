// Replays quarantined events batch by batch, so that it can be watched and stopped.

export interface Batch {
  matched: number;
  replayed: number;
  rows: number;
  rejected: number;
  next?: string;
}

/** What a replay has done so far. */
export interface Account {
  tried: number;
  replayed: number;
  rows: number;
  rejected: number;
  /** Where it goes on; absent at the end. */
  next?: string;
}

export const nothing: Account = { tried: 0, replayed: 0, rows: 0, rejected: 0 };

/** Goes on from an account until there is nothing more or it is told to stop; what has been replayed stays so. Each batch is told. */
export async function replayAll(from: Account, ask: (after: string | undefined) => Promise<Batch>, tell: (account: Account) => void, signal: AbortSignal): Promise<Account> {
  let account = from;
  do {
    const batch = await ask(account.next);
    account = {
      tried: account.tried + batch.matched,
      replayed: account.replayed + batch.replayed,
      rows: account.rows + batch.rows,
      rejected: account.rejected + batch.rejected,
      next: batch.next,
    };
    tell(account);
  } while (account.next !== undefined && !signal.aborted);
  return account;
}
