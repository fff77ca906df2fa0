using CaffeActors.Actors.Configuration.Hocon;

namespace CaffeActors.Actors.Configuration;

/// <summary>What is set in solver, nets and data layers, as written.</summary>
/// <param name="Solver">Fields of the solver.</param>
/// <param name="Layers">Fields of layers by name, in all nets.</param>
/// <param name="LayersTrain">The same in the train net.</param>
/// <param name="LayersTest">The same in the test nets.</param>
/// <param name="Extensions">Settings of data layers beyond the schema, by layer name.</param>
public sealed record OverrideSettings(
    HoconSection Solver, HoconSection Layers, HoconSection LayersTrain, HoconSection LayersTest,
    HoconSection Extensions);
