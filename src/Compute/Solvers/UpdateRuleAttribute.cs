namespace CaffeActors.Compute.Solvers;

/// <summary>Registers an update rule under the name a solver's <c>type</c> uses.</summary>
/// <param name="name">The name.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class UpdateRuleAttribute(string name) : Attribute, ICatalogKey
{
    /// <inheritdoc/>
    public string Name => name;
}
