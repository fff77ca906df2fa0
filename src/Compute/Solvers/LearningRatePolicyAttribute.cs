namespace CaffeActors.Compute.Solvers;

/// <summary>Registers a learning-rate policy under the name <c>lr_policy</c> uses.</summary>
/// <param name="name">The name.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class LearningRatePolicyAttribute(string name) : Attribute, ICatalogKey
{
    /// <inheritdoc/>
    public string Name => name;
}
