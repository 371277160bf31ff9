import { malformedXml } from './errors.ts';
import type { Operation, ServiceDefinition } from './schema.ts';
import type { Member, Shape } from './shape.ts';
import { AwsError } from './types.ts';

/** The error of an input that lacks required members, or undefined. */
export function missingMembers(
  service: ServiceDefinition,
  operation: Operation,
  input: Readonly<Record<string, unknown>>,
): AwsError | undefined {
  if (operation.input === undefined) return undefined;
  if (service.protocol === 'restXml') return missingInS3(operation, input);
  const missing = findMissing(operation.input.members(), input, '');
  const [first] = missing;
  if (first === undefined) return undefined;
  // Recorded for a member of the request itself.
  if (service.id === 'monitoring') {
    const name = first.charAt(0).toUpperCase() + first.slice(1);
    return new AwsError('MissingRequiredParameterException', `The parameter ${name} is required.`);
  }
  const details = missing.map(
    (path) => `Value null at '${path}' failed to satisfy constraint: Member must not be null`,
  );
  const errors = missing.length === 1 ? '1 validation error' : `${missing.length} validation errors`;
  return new AwsError(validationCode(service), `${errors} detected: ${details.join('; ')}`, { status: 400 });
}

function validationCode(service: ServiceDefinition): string {
  if (service.id === 'logs') return 'InvalidParameterException';
  return service.protocol === 'query' ? 'ValidationError' : 'ValidationException';
}

function missingInS3(operation: Operation, input: Readonly<Record<string, unknown>>): AwsError | undefined {
  for (const member of operation.input?.members() ?? []) {
    const value = input[member.name];
    if (value !== undefined) {
      if (findMissingIn(member.shape, value, '').length > 0) return malformedXml();
      continue;
    }
    if (!member.required) continue;
    switch (member.binding.location) {
      case 'payload':
        return new AwsError('MissingRequestBodyError', 'Request Body is empty', { status: 400 });
      case 'body':
        return malformedXml();
      case 'label':
      case 'query':
      case 'header':
      case 'prefixHeaders':
      case 'status':
        // UNKNOWN how S3 words each of these.
        return new AwsError('InvalidArgument', `Missing required argument: ${member.binding.name}`, {
          status: 400,
          members: { ArgumentName: member.binding.name },
        });
    }
  }
  return undefined;
}

/** Paths as AWS writes them: `tags.1.member.key`, each name with a small first letter. */
function findMissing(
  members: readonly Member[],
  value: Readonly<Record<string, unknown>>,
  prefix: string,
): string[] {
  const missing: string[] = [];
  for (const member of members) {
    const item = value[member.name];
    const path = prefix + member.name.charAt(0).toLowerCase() + member.name.slice(1);
    if (item !== undefined) missing.push(...findMissingIn(member.shape, item, `${path}.`));
    else if (member.required) missing.push(path);
  }
  return missing;
}

function findMissingIn(shape: Shape, value: unknown, prefix: string): readonly string[] {
  switch (shape.kind) {
    case 'structure':
      return findMissing(shape.members(), value as Readonly<Record<string, unknown>>, prefix);
    case 'list': {
      const item = shape.item();
      if (!isComposite(item)) return NONE;
      return (value as readonly unknown[]).flatMap((entry, index) =>
        findMissingIn(item, entry, `${prefix}${index + 1}.member.`),
      );
    }
    case 'map': {
      const item = shape.value();
      if (!isComposite(item)) return NONE;
      return Object.entries(value as Readonly<Record<string, unknown>>).flatMap(([key, entry]) =>
        findMissingIn(item, entry, `${prefix}${key}.member.`),
      );
    }
    default:
      return NONE;
  }
}

const NONE: readonly string[] = [];

function isComposite(shape: Shape): boolean {
  return shape.kind === 'structure' || shape.kind === 'list' || shape.kind === 'map';
}
