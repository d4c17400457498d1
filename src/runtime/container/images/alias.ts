import type { Engine } from "../engine.ts";
import type { ImageDetails } from "../engine-types.ts";
import { buildLabel } from "../labels.ts";
import type { Images } from "./images.ts";
import { fullReference, splitTag } from "./reference.ts";

/** Gives a built image its plain name too; a name that somebody else's image has is left alone. */
export async function tagAlias(
  engine: Engine,
  images: Images,
  image: ImageDetails,
  name: string,
  alias: string,
  progress: (text: string) => void,
): Promise<void> {
  const now = await images.find(alias);
  if (now?.Id === image.Id) return;
  if (now !== undefined && now.Config?.Labels?.[buildLabel] === undefined) {
    progress(`${alias} is another image, not built by rollcall, and keeps its name`);
    return;
  }
  // Containers are made from the content's name: two teams with one alias don't disturb each other.
  const { repository, tag } = splitTag(alias.includes("/") ? fullReference(alias) : `localhost/${alias}`);
  await engine.request("POST", `/images/${name}/tag`, { query: { repo: repository, tag } });
}
