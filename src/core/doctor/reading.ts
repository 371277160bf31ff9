/** One thing that was read from AWS, as plain JSON: facts are saved to files and judged elsewhere. */
export type Reading<T> =
  | { readonly state: 'known'; readonly call: string; readonly value: T }
  /** AWS answered that there is none. */
  | { readonly state: 'absent'; readonly call: string }
  | {
      readonly state: 'denied' | 'failed';
      readonly call: string;
      readonly resource: string;
      readonly message: string;
    };

/** `call` is the IAM action of the read: `lambda:GetPolicy`. */
export function read<T>(call: string, value: T): Reading<T> {
  return { state: 'known', call, value };
}

export function absent(call: string): Reading<never> {
  return { state: 'absent', call };
}

export function denied(call: string, resource: string, message = 'access denied'): Reading<never> {
  return { state: 'denied', call, resource, message };
}

/** The value, for what is only nice to know. A check whose answer depends on it uses `Look.value`, which notes what could not be read. */
export function valueOf<T>(reading: Reading<T> | undefined): T | undefined {
  return reading?.state === 'known' ? reading.value : undefined;
}

export function isAbsent(reading: Reading<unknown> | undefined): boolean {
  return reading?.state === 'absent';
}
