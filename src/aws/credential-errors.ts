import { S3evtError } from '../core/errors.ts';
import { shellCommand } from '../core/shell.ts';
import type { FailedCall, WireError } from './wire-error.ts';

const PROVIDER_ERRORS = ['CredentialsProviderError', 'TokenProviderError', 'ProviderError'];

/** `aws sso login --profile NAME`, ready to copy. */
export function loginCommand(login: 'sso login' | 'login', profile: string | undefined): string {
  return awsCommand(login.split(' '), profile);
}

function awsCommand(words: readonly string[], profile: string | undefined): string {
  return shellCommand(['aws', ...words, ...(profile === undefined ? [] : ['--profile', profile])]);
}

/** Thrown before any call when there is nothing to sign it with. */
export function credentialsMissing(cause?: unknown): S3evtError {
  return new S3evtError('CREDENTIALS_MISSING', 'no AWS credentials were found', {
    hint: 'Configure AWS (aws configure, or aws sso login), or try it without an account: add --sandbox.',
    commands: ['aws configure', 'aws sso login'],
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * Failures of the credential providers, which say what went wrong only in their text; undefined for all other errors.
 */
export function translateCredentialError(error: WireError, { target }: FailedCall): S3evtError | undefined {
  if (!PROVIDER_ERRORS.includes(error.name)) return undefined;
  const profile = target?.profile?.value;
  const { text, details } = error;
  if (/\baws login\b|reauthenticate/i.test(text)) {
    return signInAgain(text, loginCommand('login', profile), details);
  }
  if (
    /\bSSO\b|UnauthorizedException|\bexpired\b/i.test(text) &&
    !/invalid SSO credentials|Conflicting SSO/.test(text)
  ) {
    return signInAgain(text, loginCommand('sso login', profile), details);
  }
  if (/multi-factor authentication/.test(text)) {
    return new S3evtError('INPUT_REQUIRED', text, {
      hint: 'Run it on a terminal, or put temporary keys into the environment.',
      commands: [awsCommand(['configure', 'export-credentials', '--format', 'env'], profile)],
      ...details,
    });
  }
  if (/^Could not (?:load credentials from any providers|resolve credentials using profile)/.test(text)) {
    return credentialsMissing(details.cause);
  }
  return new S3evtError('CREDENTIALS_INVALID', `the AWS credentials could not be read: ${text}`, {
    hint: profile === undefined ? 'Check the AWS configuration.' : `Check the profile "${profile}".`,
    ...details,
  });
}

function signInAgain(text: string, command: string, details: WireError['details']): S3evtError {
  return new S3evtError('CREDENTIALS_EXPIRED', `the AWS sign-in has expired or was never made: ${text}`, {
    hint: 'Sign in again.',
    commands: [command],
    ...details,
  });
}
