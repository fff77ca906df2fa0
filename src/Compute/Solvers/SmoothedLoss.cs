namespace CaffeActors.Compute.Solvers;

/// <summary>
/// The loss averaged over the last iterations, as training logs show it. While the window of <c>average_loss</c>
/// values fills, their running mean; then each new loss takes the place of the oldest and moves the average by their
/// difference / window. In float, in this order, so that it can be compared with Caffe's digit by digit.
/// </summary>
public sealed class SmoothedLoss
{
    private readonly float[] _losses;
    private int _filled;
    private int _oldest;

    /// <summary>An empty window.</summary>
    /// <param name="window">Losses to average over, <c>average_loss</c>; at least 1.</param>
    public SmoothedLoss(int window)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, 1);
        _losses = new float[window];
    }

    /// <summary>The average; 0 before the first loss.</summary>
    public float Value { get; private set; }

    /// <summary>What the average goes on from: to be saved between iterations, and restored.</summary>
    public SmoothedLossState State
    {
        get
        {
            var losses = new float[_filled];
            for (int i = 0; i < _filled; i++)
                losses[i] = _losses[(_oldest + i) % _filled];
            return new SmoothedLossState(losses, Value);
        }
    }

    /// <summary>Adds an iteration's loss.</summary>
    /// <returns>The new average.</returns>
    public float Add(float loss)
    {
        if (_filled < _losses.Length)
        {
            Value = ((Value * _filled) + loss) / (_filled + 1);
            _losses[_filled++] = loss;
        }
        else
        {
            Value += (loss - _losses[_oldest]) / _losses.Length;
            _losses[_oldest] = loss;
            _oldest = (_oldest + 1) % _losses.Length;
        }

        return Value;
    }

    /// <summary>Empties the window, as at the beginning of a training run.</summary>
    public void Clear()
    {
        _filled = _oldest = 0;
        Value = 0;
    }

    /// <summary>Goes on from a state. Of one from a larger window the latest losses count, averaged anew.</summary>
    public void Restore(SmoothedLossState state)
    {
        Clear();
        foreach (float loss in state.Losses.TakeLast(_losses.Length))
            Add(loss);
        if (state.Losses.Count <= _losses.Length)
            Value = state.Value;
    }
}
