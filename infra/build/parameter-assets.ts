import { basename } from 'node:path';
import {
  type DockerImageAssetLocation,
  type FileAssetLocation,
  type FileAssetSource,
  Fn,
  type ISynthesisSession,
  StackSynthesizer,
} from 'aws-cdk-lib';

/** A folder that the user uploads as a zip file. */
export interface ParameterAsset {
  readonly directory: string;
  /** Follows the prefix. Another content has another name: by its key CloudFormation knows that a function changed. */
  readonly fileName: string;
}

/** Has a template name its assets by parameters, so that it deploys where `cdk bootstrap` was never run. */
export class ParameterAssets extends StackSynthesizer {
  private readonly byFileName = new Map<string, ParameterAsset>();
  private readonly bucket: string;
  private readonly prefix: string;

  /** @param parameters the names of those that say where the user uploads to */
  constructor(parameters: { readonly bucket: string; readonly prefix: string }) {
    super();
    this.bucket = Fn.ref(parameters.bucket);
    this.prefix = Fn.ref(parameters.prefix);
  }

  get assets(): readonly ParameterAsset[] {
    return [...this.byFileName.values()];
  }

  override addFileAsset({ fileName: directory, sourceHash }: FileAssetSource): FileAssetLocation {
    if (!directory) throw new Error('only folders can be uploaded by the user');
    const fileName = `${basename(directory)}-${sourceHash.slice(0, 16)}.zip`;
    this.byFileName.set(fileName, { directory, fileName });
    const objectKey = Fn.join('', [this.prefix, fileName]);
    return {
      bucketName: this.bucket,
      objectKey,
      httpUrl: `https://s3.amazonaws.com/${this.bucket}/${objectKey}`,
      s3ObjectUrl: `s3://${this.bucket}/${objectKey}`,
    };
  }

  override addDockerImageAsset(): DockerImageAssetLocation {
    throw new Error('a plain template has no container images');
  }

  override synthesize(session: ISynthesisSession): void {
    this.synthesizeTemplate(session);
    this.emitArtifact(session);
  }
}
