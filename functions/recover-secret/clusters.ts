/** What AWS says of a cluster. */
export interface ClusterDescription {
  /** `docdb`; the same API also knows the clusters of RDS and Neptune. */
  readonly engine: string | undefined;
  /** `available`, or what is being done to it. */
  readonly status: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly primaryUser: string | undefined;
  /** Whether AWS keeps the primary user's password in a secret of its own, and rotates it. */
  readonly passwordManaged: boolean;
}

/** The clusters, from AWS's side. Both calls may throw ClusterApiUnavailableError or ClusterApiRefusedError. */
export interface Clusters {
  /** @returns undefined when there is no such cluster */
  describe(cluster: string): Promise<ClusterDescription | undefined>;
  /**
   * Asks for a new password of the primary user. It works some time later; until then the old one does.
   * @returns false when the cluster is being changed already, and was not asked
   */
  askForPassword(cluster: string, password: string): Promise<boolean>;
}
