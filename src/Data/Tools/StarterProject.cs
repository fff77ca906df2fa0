using System.Globalization;
using System.Text;
using CaffeActors.Compute.Diagnostics;
using CaffeActors.Data.Sources.Lmdb;
using Google.Protobuf;

namespace CaffeActors.Data.Tools;

/// <summary>A folder to begin with: a run configuration, a solver, a small net and the data it learns in
/// seconds.</summary>
public static class StarterProject
{
    /// <summary>Images for training.</summary>
    public const int TrainImages = 4000;

    /// <summary>Images for testing.</summary>
    public const int TestImages = 1000;

    private const ulong Seed = 20;

    private const string Net = """
        # A small net for gray images of 20 x 20. `caffeactors net summary` shows its shapes,
        # `caffeactors net draw` draws it.
        name: "shapes"

        layer {
          name: "data"
          type: "Data"
          top: "data"
          top: "label"
          include { phase: TRAIN }
          transform_param { scale: 0.00390625 }
          data_param { source: "data/train_lmdb" backend: LMDB batch_size: 50 }
        }
        layer {
          name: "data"
          type: "Data"
          top: "data"
          top: "label"
          include { phase: TEST }
          transform_param { scale: 0.00390625 }
          data_param { source: "data/test_lmdb" backend: LMDB batch_size: 100 }
        }
        layer {
          name: "conv1"
          type: "Convolution"
          bottom: "data"
          top: "conv1"
          convolution_param { num_output: 12 kernel_size: 5 weight_filler { type: "msra" } }
        }
        layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
        layer {
          name: "pool1"
          type: "Pooling"
          bottom: "conv1"
          top: "pool1"
          pooling_param { pool: MAX kernel_size: 2 stride: 2 }
        }
        layer {
          name: "conv2"
          type: "Convolution"
          bottom: "pool1"
          top: "conv2"
          convolution_param { num_output: 24 kernel_size: 3 weight_filler { type: "msra" } }
        }
        layer { name: "relu2" type: "ReLU" bottom: "conv2" top: "conv2" }
        layer {
          name: "pool2"
          type: "Pooling"
          bottom: "conv2"
          top: "pool2"
          pooling_param { pool: MAX kernel_size: 2 stride: 2 }
        }
        layer {
          name: "score"
          type: "InnerProduct"
          bottom: "pool2"
          top: "score"
          inner_product_param { num_output: 4 weight_filler { type: "xavier" } }
        }
        layer {
          name: "accuracy"
          type: "Accuracy"
          bottom: "score"
          bottom: "label"
          top: "accuracy"
          include { phase: TEST }
        }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "score" bottom: "label" top: "loss" }

        """;

    private const string Solver = """
        # Which net, how long, and how the weights are changed.
        net: "net.prototxt"
        type: "SGD"
        base_lr: 0.02
        momentum: 0.9
        weight_decay: 0.0005
        lr_policy: "poly"
        power: 1
        max_iter: 600

        # Every 200 iterations all 1000 test images: 10 batches of 100.
        test_interval: 200
        test_iter: 10

        display: 50
        snapshot: 200
        snapshot_prefix: "shapes"
        solver_mode: CPU
        random_seed: 1

        """;

    /// <summary>Makes the folder; it appears whole or not at all.</summary>
    /// <param name="folder">Where; it must not exist. Its last part is the project's name.</param>
    /// <returns>The run configuration in it.</returns>
    /// <exception cref="CaffeException">It exists, or cannot be written.</exception>
    public static string Write(string folder)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        if (name.Length == 0 || name.IndexOfAny(Path.GetInvalidFileNameChars()) >= 0)
            throw Refusal(ErrorCodes.Usage, $"'{folder}' is no name for a folder");
        if (Directory.Exists(folder) || File.Exists(folder))
            throw Refusal(ErrorCodes.Usage, $"'{folder}' is there already; give another name");
        try
        {
            using var staged = new StagedFolder(folder);
            WriteText(staged, "net.prototxt", Net);
            WriteText(staged, "solver.prototxt", Solver);
            WriteText(staged, $"{name}.hocon", Configuration(name));
            WriteText(staged, "README.md", Readme(name));
            WriteText(staged, ".gitignore", "runs/\n");
            WriteText(staged, "labels.txt", string.Join('\n', ShapeImages.Classes) + "\n");
            WriteImages(Path.Combine(staged.Path, "data", "train_lmdb"), 0, TrainImages);
            WriteImages(Path.Combine(staged.Path, "data", "test_lmdb"), TrainImages, TestImages);
            if (!staged.Complete())
                throw Refusal(ErrorCodes.Usage, $"'{folder}' was just made by something else");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CaffeException(ErrorCodes.WriteFailed, FailureKind.Data,
                $"'{folder}' cannot be made: {failure.Message}", null, failure);
        }

        return Path.Combine(folder, $"{name}.hocon");
    }

    private static CaffeException Refusal(string code, string message) => new(code, FailureKind.Configuration, message);

    private static void WriteText(StagedFolder folder, string name, string text) =>
        File.WriteAllText(Path.Combine(folder.Path, name), text.ReplaceLineEndings("\n"));

    private static void WriteImages(string folder, int first, int count)
    {
        Directory.CreateDirectory(folder);
        var images = new ShapeImages(Seed);
        using var writer = new LmdbWriter(folder);
        for (int i = 0; i < count; i++)
        {
            string key = i.ToString("D8", CultureInfo.InvariantCulture);
            writer.Put(Encoding.ASCII.GetBytes(key), images.Make(first + i).ToByteArray());
        }

        writer.Complete();
    }

    private static string Configuration(string name) => $$"""
        # A run: `caffeactors train {{name}}.hocon`. Paths are relative to the current folder, or else to this file.
        train.solver = solver.prototxt

        # Where the runs are kept: snapshots, metrics, log.
        run.output-root = runs

        # Only the three newest snapshots stay.
        snapshot.keep-last = 3

        # Fields of the solver and of layers can be set here, or by --set on the command line:
        # solver.base_lr = 0.01
        # layers."conv1".convolution_param.num_output = 16

        # Images turned and shifted by chance make the task harder, and the net better:
        # extensions."data" { shuffle = on, rotate = 20 }

        """;

    private static string Readme(string name) => $$"""
        # {{name}}

        A net that tells discs, squares, triangles and crosses apart, made by `caffeactors init`.

        | file | what |
        |---|---|
        | `{{name}}.hocon` | the run: which solver, what is changed |
        | `solver.prototxt` | how it is trained |
        | `net.prototxt` | the net |
        | `data/` | {{TrainImages}} images to train on, {{TestImages}} to test |
        | `labels.txt` | names of the classes, by label |

        In this folder:

        ```sh
        caffeactors net validate {{name}}.hocon
        caffeactors train {{name}}.hocon
        caffeactors train {{name}}.hocon --set solver.base_lr=0.005
        caffeactors net draw net.prototxt net.svg --input-shape data=50,1,20,20
        ```

        """;
}
