/** Whether a file that may carry signatures does, and they hold; else what speaks against them. */
export type Verdict = "signed" | "unsigned" | { against: string };
