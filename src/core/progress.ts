/**
 * What a command says while it works. Facts, never prose for one medium: the edge draws them as a spinner, as plain lines or
 * as nothing. Always stderr; results and stream items are not progress.
 */
export type Progress =
  /** One named piece of work. The same `id` comes again as its state changes. */
  | {
      readonly type: 'task';
      readonly id: string;
      readonly title: string;
      readonly state: 'running' | 'waiting' | 'done' | 'unchanged' | 'failed';
      /** Why it waits, or what it found: "the role is not visible to Lambda yet, 4 s of at most 60 s". */
      readonly detail?: string;
    }
  /** A sentence of talk. */
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'warning'; readonly warning: Warning }
  /** Text that is shown before a question or a write: the target, a plan, a diff. Lines are already sanitised or local. */
  | { readonly type: 'show'; readonly title: string; readonly lines: readonly ShownLine[] };

export interface ShownLine {
  /** How the line is marked: added, removed, changed, kept, or plain text. */
  readonly mark: '+' | '-' | '~' | '=' | ' ';
  readonly text: string;
}

/** Stands in `warnings[]` of the JSON envelope. Codes are public. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}
