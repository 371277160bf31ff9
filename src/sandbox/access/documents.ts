import { parsePolicy, type PolicyDocument } from '../../core/policy-document.ts';
import { remember } from '../remember.ts';

export interface ReadDocument {
  /** Undefined when the text is no policy: it allows nothing. */
  readonly document: PolicyDocument | undefined;
  /** Whether it has a Deny at all: without one it takes nothing away. */
  readonly denies: boolean;
}

/** A policy of JSON text. */
export const readDocument = remember((text): ReadDocument => {
  const document = parsePolicy(text);
  return { document, denies: document?.statements.some(({ effect }) => effect === 'Deny') ?? false };
});
