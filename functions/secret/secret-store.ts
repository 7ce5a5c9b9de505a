/** What DescribeSecret tells: who holds which label. */
export interface SecretDescription {
  readonly arn: string;
  readonly name: string;
  /** The staging labels of each version that has any, by version id. */
  readonly versions: Readonly<Record<string, readonly string[]>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly markedForDeletion: boolean;
  /** The Region whose secret this one is a replica of. */
  readonly replicaOf?: string;
  /** The key that it is encrypted with, where that is not the account's own for Secrets Manager. */
  readonly encryptionKey?: string;
  /** The service that made the secret, writes it and rotates it. */
  readonly managedBy?: string;
}

/** The secrets, as a rotation needs them. Every method may throw SecretsManagerUnavailableError or SecretsManagerRefusedError. */
export interface SecretStore {
  /** @throws SecretNotRotatableError when there is no such secret */
  describe(secretId: string): Promise<SecretDescription>;
  /** The text of a version; undefined while the version has no value, or if it does not exist. */
  read(secretArn: string, versionId: string): Promise<string | undefined>;
  /** AWSCURRENT as an application reads it: by its label, in one call. Undefined if no version has it, or it has no value. */
  readCurrent(secretArn: string): Promise<CurrentVersion | undefined>;
  /** Every version that Secrets Manager still has, also without a label. */
  listVersions(secretArn: string): Promise<readonly string[]>;
  /**
   * Writes a version once. The same token and value again changes nothing.
   * @returns `exists` when that version has another value already, and nothing was changed
   */
  put(version: NewVersion): Promise<'written' | 'exists'>;
  /**
   * Moves a label, as Secrets Manager's compare-and-set.
   * @returns false when `from` does not hold the label (any more), and nothing was changed
   */
  moveLabel(secretArn: string, label: string, move: LabelMove): Promise<boolean>;
  /** Gives the secret a tag, or the tag another value. */
  setTags(secretArn: string, tags: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Asks whether tags may be given, with a list of none. An answer that the list is wrong comes from behind the permission, or before it:
   * only a refusal says something.
   *
   * @throws SecretsManagerRefusedError where the caller may not
   */
  askToTag(secretArn: string): Promise<void>;
  /** 32 characters, none of which needs quoting in a URI, in a shell or for DocumentDB. */
  newPassword(): Promise<string>;
}

export interface CurrentVersion {
  readonly version: string;
  readonly text: string;
}

export interface NewVersion {
  readonly secretArn: string;
  readonly token: string;
  readonly value: string;
  readonly label: string;
  /** Proves to Secrets Manager that this is the rotation which it started. */
  readonly rotationToken?: string;
}

export interface LabelMove {
  readonly to?: string;
  readonly from?: string;
}
