namespace CaffeActors.Analysis.Charts;

/// <summary>What Caffe's charts show.</summary>
public enum ChartQuantity
{
    /// <summary>The first test net's accuracy.</summary>
    TestAccuracy,

    /// <summary>The first test net's loss.</summary>
    TestLoss,

    /// <summary>The learning rate.</summary>
    LearningRate,

    /// <summary>The training loss, smoothed as the solver does it.</summary>
    TrainLoss,
}
