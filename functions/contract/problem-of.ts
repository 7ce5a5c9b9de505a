import type { RotationError } from './errors.ts';
import type { Problem, Topic } from './findings.ts';

/** What an error is about, where its name says so whatever was looked at. */
const TOPIC_OF: Readonly<Record<string, Topic>> = {
  AdminSecretMismatchError: 'admin-secret',
  AdminSecretRequiredError: 'admin-secret',
  AdminSecretUnavailableError: 'admin-secret',
  CertificateNotTrustedError: 'certificate',
  CredentialNotPropagatedError: 'credential',
  HostNotFoundError: 'route',
  InstanceNotTrustedError: 'endpoint',
  NoUsableCredentialsError: 'credential',
  NotAuthorizedError: 'power',
  RolesDifferError: 'roles',
  RotationInProgressError: 'labels',
  SecretNotRotatableError: 'secret',
  SecretsManagerUnavailableError: 'secrets-manager',
  UntrustedVersionError: 'credential',
  UserNameTakenError: 'other-user',
  UserNotFoundError: 'credential',
};

/** For those whose messages say what to do in no part of their own. */
const REMEDY_OF: Readonly<Record<string, string>> = {
  AdminSecretMismatchError:
    'let the tag docdb-rotation:admin-secret name a secret of this cluster, with the same host and port',
  CredentialNotPropagatedError:
    'start mode "verify" in some minutes; if it is refused there still, ask AWS about that instance',
  RolesDifferError: 'start mode "verify" in some minutes; if they differ still, ask AWS about that instance',
  UserNameTakenError: 'drop that user, rename one of the two, or use the strategy single-user',
};

/**
 * An error that a rotation would meet, as a finding. A message says what failed, and behind a semicolon what to do.
 *
 * @param topic what was looked at, where the error does not say what it is about
 */
export const problemOf = (step: string, topic: Topic, { name, message }: RotationError): Problem => {
  const [what = message, remedy] = halvesOf(message);
  return {
    verdict: 'not-ready',
    topic: TOPIC_OF[name] ?? topic,
    step,
    what,
    remedy: REMEDY_OF[name] ?? remedy ?? 'see the section in the runbook',
    section: name.toLowerCase(),
  };
};

/** At the first semicolon that is in no parentheses. */
const halvesOf = (message: string): [string, string?] => {
  const plain = message.replaceAll(/\([^()]*\)/g, (inner) => ' '.repeat(inner.length));
  const at = plain.indexOf('; ');
  return at < 0 ? [message] : [message.slice(0, at), message.slice(at + 2)];
};
