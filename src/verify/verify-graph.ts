import type { TestClient } from './test-client.ts';

type Graph = Readonly<
  Record<string, { readonly class_type: string; readonly inputs: Readonly<Record<string, unknown>> }>
>;

interface GraphNames {
  /** An input image. */
  readonly image: string;
  /** Prefix of the output's name. */
  readonly prefix: string;
}

interface Recipe {
  /** The node class that it needs. */
  readonly needs: string;
  readonly graph: (names: GraphNames) => Graph;
}

/** Workflows from an input to a saved output: with the demo's nodes, which need no torch, else with ComfyUI's own. */
const RECIPES: readonly Recipe[] = [
  {
    needs: 'DemoSaveImage',
    graph: ({ image, prefix }) => ({
      1: { class_type: 'DemoLoadImage', inputs: { image } },
      2: { class_type: 'DemoSaveImage', inputs: { picture: ['1', 0], filename_prefix: prefix } },
    }),
  },
  {
    needs: 'DemoSaveImage',
    graph: ({ image, prefix }) => ({
      1: { class_type: 'DemoLoadImage', inputs: { image } },
      2: { class_type: 'DemoInvert', inputs: { picture: ['1', 0], text: 'verify' } },
      3: { class_type: 'DemoSaveImage', inputs: { picture: ['2', 0], filename_prefix: prefix } },
    }),
  },
  {
    needs: 'SaveImage',
    graph: ({ image, prefix }) => ({
      1: { class_type: 'LoadImage', inputs: { image } },
      2: { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: prefix } },
    }),
  },
];

/** A workflow in API format that turns an input into an output. @throws Error if this ComfyUI has no suitable node */
export async function chooseGraph(client: TestClient, names: GraphNames): Promise<Graph> {
  for (const { needs, graph } of RECIPES) {
    const known = (await client.json(`/object_info/${needs}`)) as Readonly<Record<string, unknown>>;
    if (Object.hasOwn(known, needs)) return graph(names);
  }
  throw new Error('this ComfyUI has none of the nodes that save an image');
}
