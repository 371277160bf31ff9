import type { ServiceId } from './wire/schema.ts';

type Namespace = Readonly<Record<string, unknown>>;

/** The SDK's client of each service; each is loaded when it is asked for. Bundled, there are only its schemas. */
const CLIENTS: Readonly<Record<ServiceId, () => Promise<Namespace>>> = {
  s3: () => import('@aws-sdk/client-s3'),
  lambda: () => import('@aws-sdk/client-lambda'),
  logs: () => import('@aws-sdk/client-cloudwatch-logs'),
  iam: () => import('@aws-sdk/client-iam'),
  sts: () => import('@aws-sdk/client-sts'),
  sqs: () => import('@aws-sdk/client-sqs'),
  sns: () => import('@aws-sdk/client-sns'),
  events: () => import('@aws-sdk/client-eventbridge'),
  kms: () => import('@aws-sdk/client-kms'),
  monitoring: () => import('@aws-sdk/client-cloudwatch'),
  cloudtrail: () => import('@aws-sdk/client-cloudtrail'),
};

/** The SDK's client of a service, with the schemas of its operations. */
export const loadClient = (service: ServiceId): Promise<Namespace> => CLIENTS[service]();

/** The names that requests have in the journal and in faults. */
export const SERVICES: readonly string[] = Object.keys(CLIENTS);

/** All operations of a service, as the SDK names them; undefined for a service that is not one of `SERVICES`. */
export async function operationsOf(service: string): Promise<readonly string[] | undefined> {
  if (!isService(service)) return undefined;
  const [{ operationNames }, client] = await Promise.all([import('./wire/schema.ts'), CLIENTS[service]()]);
  return operationNames(client);
}

function isService(name: string): name is ServiceId {
  return Object.hasOwn(CLIENTS, name);
}
