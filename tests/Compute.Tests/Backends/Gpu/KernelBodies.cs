using System.Reflection;
using CaffeActors.Compute.Backends.Gpu;
using CaffeActors.Data.Layers;

namespace CaffeActors.Compute.Tests.Backends.Gpu;

/// <summary>
/// All kernels of the engine, found by what they implement. Those that are made of other structs are closed so that
/// each struct that fits a parameter is used at least once.
/// </summary>
internal static class KernelBodies
{
    private const int Nesting = 3;

    private static readonly Type[] Structs =
    [
        .. new[] { typeof(IGpuBody).Assembly, typeof(DataLayer).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { IsValueType: true, IsEnum: false, IsByRefLike: false })
            .OrderBy(type => type.FullName, StringComparer.Ordinal),
    ];

    /// <summary>Kernels for each element.</summary>
    public static IReadOnlyList<Type> Bodies => [.. Fitting([typeof(IGpuBody)], 0)];

    /// <summary>Kernels of groups.</summary>
    public static IReadOnlyList<Type> GroupBodies => [.. Fitting([typeof(IGpuGroupBody)], 0)];

    private static IEnumerable<Type> Fitting(Type[] interfaces, int depth) => Structs
        .Where(type => interfaces.All(type.GetInterfaces().Contains) && (depth < Nesting || !type.IsGenericType))
        .SelectMany(type => Closed(type, depth));

    private static IEnumerable<Type> Closed(Type type, int depth)
    {
        if (!type.IsGenericTypeDefinition)
            return [type];
        Type[][] candidates = [.. type.GetGenericArguments().Select(parameter => Candidates(parameter, depth))];
        return Enumerable.Range(0, candidates.Max(fitting => fitting.Length)).Select(i =>
            type.MakeGenericType([.. candidates.Select(fitting => fitting[i % fitting.Length])]));
    }

    private static Type[] Candidates(Type parameter, int depth)
    {
        Type[] interfaces =
            [.. parameter.GetGenericParameterConstraints().Where(constraint => constraint.IsInterface)];
        Type[] fitting = [.. Fitting(interfaces, depth + 1)];
        Assert.True(interfaces.Length > 0 && fitting.Length > 0,
            $"no struct fits {parameter.Name} of {parameter.DeclaringType}");
        return fitting;
    }
}
