import type { RequestContext } from '../wire/types.ts';

/** One action on one resource that a request needs. */
export interface Permission {
  /** `s3:GetObject` */
  readonly action: string;
  /** ARN, or `*` where the action knows no resource. */
  readonly resource: string;
  /** As the service's error names the resource, where that is not the ARN. */
  readonly shown?: string;
  /** Condition keys of the service, beside those that every request has. */
  readonly context?: Readonly<Record<string, string>>;
}

export type Input = Readonly<Record<string, unknown>>;

export interface Place {
  readonly region: string;
  /** Account that the request's resource belongs to. */
  readonly account: string;
  readonly ctx: RequestContext;
}

/**
 * What an operation needs (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
 * Empty: nothing, as GetCallerIdentity.
 */
export type Permissions = (operation: string, input: Input, place: Place) => readonly Permission[];

/** A member that is a text; undefined else. */
export function text(input: Input, member: string): string | undefined {
  const value = input[member];
  return typeof value === 'string' ? value : undefined;
}

/** The first of the members that is there. */
export function firstText(input: Input, members: readonly string[]): string | undefined {
  for (const member of members) {
    const value = text(input, member);
    if (value !== undefined) return value;
  }
  return undefined;
}

export function list(input: Input, member: string): readonly unknown[] {
  const value = input[member];
  return Array.isArray(value) ? value : [];
}

export function isObject(value: unknown): value is Input {
  return typeof value === 'object' && value !== null;
}
