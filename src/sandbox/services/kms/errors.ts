/**
 * Errors of KMS. Over JSON every one of them is a 400: recorded, although the model names other statuses for the
 * query protocol that KMS does not speak.
 */
import { AwsError } from '../../wire/types.ts';

const kmsError = (code: string, message: string) => new AwsError(code, message, { status: 400 });

export const notFound = (message: string) => kmsError('NotFoundException', message);

export const keyNotFound = (arn: string) => notFound(`Key '${arn}' does not exist`);

export const validation = (message: string) => kmsError('ValidationException', message);

export const disabled = (arn: string) => kmsError('DisabledException', `${arn} is disabled.`);

export const invalidState = (message: string) => kmsError('KMSInvalidStateException', message);

export const alreadyExists = (message: string) => kmsError('AlreadyExistsException', message);

export const malformedPolicy = (message: string) => kmsError('MalformedPolicyDocumentException', message);

export const invalidMarker = () => kmsError('InvalidMarkerException', 'The marker is not valid.');

export const invalidTag = (message: string) => kmsError('TagException', message);

/** Only AWS may change its own keys and the aliases below `alias/aws/`. AWS sends no text with it. */
export const notAuthorized = () => kmsError('NotAuthorizedException', '');

export const invalidCiphertext = () => kmsError('InvalidCiphertextException', '');

export const incorrectKey = () =>
  kmsError(
    'IncorrectKeyException',
    'The key ID in the request does not identify a CMK that can perform this operation.',
  );
