/**
 * Questions as intents. Every question names the flag that answers it without asking: where nothing may be asked, the
 * command fails with INPUT_REQUIRED and that flag (docs: CLI.md "Every prompt has a flag").
 */
export interface Ask {
  /** Whether a person is there to answer: a terminal on stdin and stderr, and neither --no-input nor --json. */
  readonly interactive: boolean;
  text(question: TextQuestion): Promise<string>;
  choose<T>(question: ChoiceQuestion<T>): Promise<T>;
  confirm(question: ConfirmQuestion): Promise<boolean>;
}

interface Question {
  readonly message: string;
  /** `--bucket NAME`, as the error should print it. */
  readonly flag: string;
}

export interface TextQuestion extends Question {
  readonly initial?: string;
  /** Undefined when the answer is good, else what is wrong with it. */
  readonly validate?: (answer: string) => string | undefined;
}

export interface ChoiceQuestion<T> extends Question {
  readonly choices: readonly { readonly value: T; readonly name: string; readonly description?: string }[];
  readonly initial?: T;
}

export interface ConfirmQuestion extends Question {
  readonly initial: boolean;
  /** With --yes the answer is yes without asking. */
  readonly assumeYes: boolean;
}
