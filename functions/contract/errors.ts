/**
 * One class for each thing that a caller treats differently. The names are the contract with the state
 * machine: `Retry` and `Catch` in `statemachine/rotation.asl.yaml` name them, and a test holds both together.
 *
 * Messages say what failed, with what, and what to do. They never hold a password, and never the message of
 * a driver or SDK error, which may quote a connection string or a command.
 */
export abstract class RotationError extends Error {
  abstract override readonly name: string;
}

/** The database can't be reached, or can't serve the command now. Nothing is known about what it did. Retry. */
export class DatabaseUnavailableError extends RotationError {
  override readonly name = 'DatabaseUnavailableError';
}

/** The host name of the secret has no address. Not retried before anything changed: it is usually a typo. */
export class HostNotFoundError extends RotationError {
  override readonly name = 'HostNotFoundError';
}

/** The server's certificate does not verify. There is no way around it, and no fallback to plain text. */
export class CertificateNotTrustedError extends RotationError {
  override readonly name = 'CertificateNotTrustedError';
}

/**
 * The driver and the server have no protocol version or way of logging in in common, or the server does not speak the
 * protocol.
 */
export class DatabaseIncompatibleError extends RotationError {
  override readonly name = 'DatabaseIncompatibleError';
}

/** The database understood a change and refused it: a password that breaks its rules, for example. */
export class ChangeRefusedError extends RotationError {
  override readonly name = 'ChangeRefusedError';
}

/** The session may not do this, in words of the database. The ladder goes on to the next credential. */
export class NotAuthorizedError extends RotationError {
  override readonly name = 'NotAuthorizedError';
}

/** Some instance still refuses the credential. Wait, and test again. */
export class CredentialNotPropagatedError extends RotationError {
  override readonly name = 'CredentialNotPropagatedError';
}

/** The credential logs in, but with other roles than it should have. Wait, and test again. */
export class RolesDifferError extends RotationError {
  override readonly name = 'RolesDifferError';
}

/** Someone changed a pair's user, its roles or its password, or dropped it, while the rotation ran: what CheckBefore saw is true no more. Start again. */
export class UserChangedError extends RotationError {
  override readonly name = 'UserChangedError';
}

/** The server does not tell the roles of a user, and taking them for none would make another user without any. */
export class RolesUnknownError extends RotationError {
  override readonly name = 'RolesUnknownError';
}

/** The server lists an instance outside its own domain, where no credential may go. */
export class InstanceNotTrustedError extends RotationError {
  override readonly name = 'InstanceNotTrustedError';
}

/** Secrets Manager can't be reached, throttles, or failed inside. Nothing is known about what it did. Retry. */
export class SecretsManagerUnavailableError extends RotationError {
  override readonly name = 'SecretsManagerUnavailableError';
}

/** Secrets Manager understood the request and refused it: a missing permission, a limit. */
export class SecretsManagerRefusedError extends RotationError {
  override readonly name = 'SecretsManagerRefusedError';
}

/** No labelled version of the admin secret logs in now; it may be in the middle of its own rotation. Retry. */
export class AdminSecretUnavailableError extends RotationError {
  override readonly name = 'AdminSecretUnavailableError';
}

/** The admin secret may not be used for this secret: another cluster, or not a usable credential. */
export class AdminSecretMismatchError extends RotationError {
  override readonly name = 'AdminSecretMismatchError';
}

/** The user may not change its own password, and the secret names no admin secret that could. */
export class AdminSecretRequiredError extends RotationError {
  override readonly name = 'AdminSecretRequiredError';
}

/** Another execution has the lock, or another tool's rotation AWSPENDING. */
export class RotationInProgressError extends RotationError {
  override readonly name = 'RotationInProgressError';
}

/** This execution no longer has the lock: a recovery took it. It touches nothing further. */
export class RotationSupersededError extends RotationError {
  override readonly name = 'RotationSupersededError';
}

/** Someone wrote or moved AWSCURRENT while this rotation ran. It is not this rotation's to promote over. */
export class CurrentChangedError extends RotationError {
  override readonly name = 'CurrentChangedError';
}

/** A version that this project neither wrote nor saw log in, and that does not log in now, or one for another user or place than the secret's: someone may have planted it. */
export class UntrustedVersionError extends RotationError {
  override readonly name = 'UntrustedVersionError';
}

/** Recovery that started by itself: another execution has the lock, and answers for the secret. */
export class NothingToRecoverError extends RotationError {
  override readonly name = 'NothingToRecoverError';
}

/** Recovery: AWSCURRENT logs in, but the other user of a pair, which the stopped rotation made or changed, could not be disabled. */
export class OtherUserNotDisabledError extends RotationError {
  override readonly name = 'OtherUserNotDisabledError';
}

/** The execution's or the event's input is not understood. */
export class InvalidInputError extends RotationError {
  override readonly name = 'InvalidInputError';
}

/** The secret's value can't be used: not JSON, a missing key, another engine, an IAM user. */
export class InvalidSecretError extends RotationError {
  override readonly name = 'InvalidSecretError';
}

/** The secret itself can't be rotated: it does not exist, is marked for deletion, or is a replica. */
export class SecretNotRotatableError extends RotationError {
  override readonly name = 'SecretNotRotatableError';
}

/** The token names no version that this secret has. */
export class UnknownTokenError extends RotationError {
  override readonly name = 'UnknownTokenError';
}

/** The pending version is for another user or another cluster than the current one. */
export class PendingVersionMismatchError extends RotationError {
  override readonly name = 'PendingVersionMismatchError';
}

/** None of the secret's labelled versions logs in. */
export class NoUsableCredentialsError extends RotationError {
  override readonly name = 'NoUsableCredentialsError';
}

/** A recovery may set the primary user's password through the cluster only where the deployment has allowed it. */
export class ResetNotAllowedError extends RotationError {
  override readonly name = 'ResetNotAllowedError';
}

/** The cluster does not confirm that the secret is for its primary user, or AWS keeps that user's password itself. */
export class ClusterMismatchError extends RotationError {
  override readonly name = 'ClusterMismatchError';
}

/** The cluster was asked for a new password of its primary user, or is being changed already. Wait, and look again. */
export class PasswordResetUnderWayError extends RotationError {
  override readonly name = 'PasswordResetUnderWayError';
}

/** DocumentDB's API understood the request and refused it: a missing permission, a password that breaks the rules. */
export class ClusterApiRefusedError extends RotationError {
  override readonly name = 'ClusterApiRefusedError';
}

/** DocumentDB's API can't be reached, throttles, or failed inside. Nothing is known about what it did. Retry. */
export class ClusterApiUnavailableError extends RotationError {
  override readonly name = 'ClusterApiUnavailableError';
}

/** The secret's user does not exist in the database. */
export class UserNotFoundError extends RotationError {
  override readonly name = 'UserNotFoundError';
}

/** The name of the other user of a pair is taken by a user that this secret never held. */
export class UserNameTakenError extends RotationError {
  override readonly name = 'UserNameTakenError';
}

/** `revert` was asked for, and the secret has no AWSPREVIOUS to go back to. */
export class NothingToRevertError extends RotationError {
  override readonly name = 'NothingToRevertError';
}

/** Trigger only: the execution of this rotation ended without rotating. */
export class RotationFailedError extends RotationError {
  override readonly name = 'RotationFailedError';
}

/** Trigger only: the execution of this rotation is still running at the trigger's deadline. */
export class RotationStillRunningError extends RotationError {
  override readonly name = 'RotationStillRunningError';
}

/** Trigger only: Step Functions can't be reached. Secrets Manager calls again. */
export class StepFunctionsUnavailableError extends RotationError {
  override readonly name = 'StepFunctionsUnavailableError';
}

/** Anything that no code here foresaw. Holds the kind of the original error and where it came from. */
export class UnexpectedError extends RotationError {
  override readonly name = 'UnexpectedError';
}
