using CaffeActors.Testing;

namespace CaffeActors.Cluster.Tests.MultiProcess;

/// <summary>A small net and its solver, in files.</summary>
internal static class Files
{
    /// <summary>Writes them.</summary>
    /// <returns>The path of the run's configuration.</returns>
    public static string Write(TemporaryFolder folder)
    {
        folder.Write("net.prototxt", """
            name: "small"
            layer {
              name: "data" type: "DummyData" top: "data" top: "label"
              dummy_data_param {
                shape { dim: 8 dim: 4 } shape { dim: 8 }
                data_filler { type: "gaussian" std: 1 } data_filler { type: "constant" value: 1 }
              }
            }
            layer {
              name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
              inner_product_param { num_output: 3 weight_filler { type: "xavier" } }
            }
            layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
            """);
        folder.Write("solver.prototxt", """
            net: "net.prototxt" base_lr: 0.01 lr_policy: "fixed" max_iter: 1000 solver_mode: CPU
            """);
        return folder.Write("run.hocon", "train.solver = solver.prototxt\n");
    }
}
