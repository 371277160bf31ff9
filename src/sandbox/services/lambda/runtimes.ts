/** https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, November 2026. */
import { invalidParameter } from './errors.ts';

const CREATABLE: readonly string[] = [
  'nodejs24.x',
  'nodejs22.x',
  'nodejs20.x',
  'nodejs18.x',
  'nodejs16.x',
  'nodejs26.x',
  'python3.15',
  'python3.14',
  'python3.13',
  'python3.12',
  'python3.11',
  'python3.10',
  'python3.9',
  'python3.8',
  'java25',
  'java21',
  'java17.al2023',
  'java11.al2023',
  'java8.al2023',
  'java17',
  'java11',
  'java8.al2',
  'dotnet10',
  'dotnet8',
  'dotnet6',
  'ruby4.0',
  'ruby3.4',
  'ruby3.3',
  'ruby3.2',
  'provided.al2023',
  'provided.al2',
];

const BLOCKED: readonly string[] = [
  'java8',
  'go1.x',
  'provided',
  'ruby2.7',
  'ruby2.5',
  'nodejs14.x',
  'nodejs12.x',
  'nodejs10.x',
  'nodejs8.10',
  'nodejs6.10',
  'nodejs4.3',
  'python3.7',
  'python3.6',
  'python2.7',
  'dotnetcore3.1',
  'dotnetcore2.1',
];

/** Throws AWS's refusal of runtimes that it does not know or no longer takes. */
export function checkRuntime(runtime: string): void {
  if (BLOCKED.includes(runtime)) {
    throw invalidParameter(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
    );
  }
  if (CREATABLE.includes(runtime)) return;
  throw invalidParameter(
    `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${CREATABLE.join(', ')}] or be a valid ARN`,
  );
}
