import type { TestClient } from './test-client.ts';

type Graph = Readonly<
  Record<string, { readonly class_type: string; readonly inputs: Readonly<Record<string, unknown>> }>
>;

interface GraphNames {
  /** An input image. */
  readonly image: string;
  /** How the name of the output begins. */
  readonly prefix: string;
}

interface Recipe {
  /** It can run where this node is known. */
  readonly needs: string;
  readonly graph: (names: GraphNames) => Graph;
}

/** From an input to a saved output, by what a ComfyUI has: the demo's nodes, for there is no torch, else its own. */
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

/** A workflow in API form that makes an output of an input. @throws Error when this ComfyUI has no node for it */
export async function chooseGraph(visitor: TestClient, names: GraphNames): Promise<Graph> {
  for (const { needs, graph } of RECIPES) {
    const known = (await visitor.json(`/object_info/${needs}`)) as Readonly<Record<string, unknown>>;
    if (Object.hasOwn(known, needs)) return graph(names);
  }
  throw new Error('this ComfyUI has none of the nodes that save an image');
}
