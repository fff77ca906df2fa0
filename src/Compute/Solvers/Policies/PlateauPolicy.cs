using System.Globalization;
using CaffeActors.Compute.Schema;

namespace CaffeActors.Compute.Solvers.Policies;

/// <summary>
/// rate = base_lr * gamma^step; step grows by 1 when the loss has not fallen below its minimum for as many iterations
/// as <c>plateau_winsize</c> says: the first value counts for the first step and so on, the last one for all further
/// ones. gamma >= 0. A policy of NVIDIA's fork, which only declares it. Each step is told as a notice.
/// </summary>
[LearningRatePolicy("plateau")]
public sealed class PlateauPolicy : LearningRatePolicy
{
    private const float NoLoss = 1e38f;

    private readonly float _gamma;
    private readonly int[] _windows;
    private PlateauState _state = new(NoLoss, 0);

    /// <summary>Makes the policy of a solver.</summary>
    /// <param name="parameter">The solver's message.</param>
    public PlateauPolicy(SolverParameter parameter)
        : base(parameter)
    {
        _gamma = GammaOf(parameter);
        _windows = [.. parameter.PlateauWinsize];
        if (_windows.Length == 0)
        {
            throw Fail(parameter, "plateau_winsize",
                "is missing: lr_policy 'plateau' needs the iterations to wait for a lower loss");
        }

        if (_windows.Any(window => window <= 0))
            throw Fail(parameter, "plateau_winsize", $"must be > 0, not {string.Join(", ", _windows)}");
    }

    /// <inheritdoc/>
    public override PlateauState? Plateau
    {
        get => _state;
        set => _state = value ?? new PlateauState(NoLoss, 0);
    }

    /// <inheritdoc/>
    public override float Rate(int iteration, ref int currentStep) => (float)(BaseLr * Math.Pow(_gamma, currentStep));

    /// <inheritdoc/>
    public override void Observe(int iteration, float loss, ref int currentStep)
    {
        if (loss < _state.MinimumLoss)
        {
            _state = new PlateauState(loss, iteration);
        }
        else if (iteration - _state.LastEvent >= _windows[Math.Min(currentStep, _windows.Length - 1)])
        {
            currentStep++;
            _state = _state with { LastEvent = iteration };
            Notice?.Invoke(string.Create(CultureInfo.InvariantCulture,
                $"Plateau Status: Iteration {iteration}, step = {currentStep}, minimum loss {_state.MinimumLoss:g6}"));
        }
    }
}
