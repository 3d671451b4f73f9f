    loop $for-loop|1
     local.get $0
     local.get $24
     i32.lt_u
     if
      local.get $2
      v128.load32_splat
      local.tee $25
      local.get $6
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $2
      v128.load32_splat offset=4
      local.tee $26
      local.get $7
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $2
      v128.load32_splat offset=8
      local.tee $27
      local.get $8
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $2
      v128.load32_splat offset=12
      local.tee $28
      local.get $9
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      local.get $2
      v128.load32_splat offset=16
      local.tee $29
      local.get $10
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $2
      v128.load32_splat offset=20
      local.tee $30
      local.get $11
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $2
      v128.load32_splat offset=24
      local.tee $31
      local.get $12
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $2
      v128.load32_splat offset=28
      local.tee $32
      local.get $13
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $2
      v128.load32_splat offset=36
      local.tee $33
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $14
      local.get $2
      i32.const 32
      i32.add
      v128.load32_splat
      local.tee $34
      f32x4.mul
      local.get $0
      v128.load
      f32x4.relaxed_madd
      local.set $35
      local.get $0
      local.get $25
      local.get $15
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $26
      local.get $16
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $27
      local.get $17
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $28
      local.get $18
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      local.get $29
      local.get $19
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $30
      local.get $20
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $31
      local.get $21
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $32
      local.get $22
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $33
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $23
      local.get $34
      f32x4.mul
      local.get $0
      v128.load offset=16
      f32x4.relaxed_madd
      v128.store offset=16
      local.get $0
      local.get $35
      v128.store
      local.get $2
      i32.const 40
      i32.add
      local.tee $36
      v128.load32_splat
      local.tee $25
      local.get $6
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $36
      v128.load32_splat offset=4
      local.tee $26
      local.get $7
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $36
      v128.load32_splat offset=8
      local.tee $27
      local.get $8
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $36
      v128.load32_splat offset=12
      local.tee $28
      local.get $9
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      local.get $36
      v128.load32_splat offset=16
      local.tee $29
      local.get $10
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $36
      v128.load32_splat offset=20
      local.tee $30
      local.get $11
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $36
      v128.load32_splat offset=24
      local.tee $31
      local.get $12
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $36
      v128.load32_splat offset=28
      local.tee $32
      local.get $13
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $36
      v128.load32_splat offset=36
      local.tee $33
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $14
      local.get $2
      i32.const 72
      i32.add
      v128.load32_splat
      local.tee $34
      f32x4.mul
      local.get $0
      i32.const 32
      i32.add
      v128.load
      f32x4.relaxed_madd
      local.set $35
      local.get $0
      local.get $25
      local.get $15
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $26
      local.get $16
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $27
      local.get $17
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $28
      local.get $18
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      local.get $29
      local.get $19
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $30
      local.get $20
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $31
      local.get $21
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $32
      local.get $22
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $33
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $23
      local.get $34
      f32x4.mul
      local.get $0
      v128.load offset=48
      f32x4.relaxed_madd
      v128.store offset=48
      local.get $0
      local.get $35
      v128.store offset=32
      local.get $2
      i32.const 80
      i32.add
      local.tee $36
      v128.load32_splat
      local.tee $25
      local.get $6
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $36
      v128.load32_splat offset=4
      local.tee $26
      local.get $7
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $36
      v128.load32_splat offset=8
      local.tee $27
      local.get $8
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $36
      v128.load32_splat offset=12
      local.tee $28
      local.get $9
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      local.get $36
      v128.load32_splat offset=16
      local.tee $29
      local.get $10
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $36
      v128.load32_splat offset=20
      local.tee $30
      local.get $11
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $36
      v128.load32_splat offset=24
      local.tee $31
      local.get $12
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $36
      v128.load32_splat offset=28
      local.tee $32
      local.get $13
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $36
      v128.load32_splat offset=36
      local.tee $33
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $14
      local.get $2
      i32.const 112
      i32.add
      v128.load32_splat
      local.tee $34
      f32x4.mul
      local.get $0
      i32.const -64
      i32.sub
      local.tee $36
      v128.load
      f32x4.relaxed_madd
      local.set $35
      local.get $36
      local.get $25
      local.get $15
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $26
      local.get $16
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $27
      local.get $17
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $28
      local.get $18
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      local.get $29
      local.get $19
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $30
      local.get $20
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $31
      local.get $21
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $32
      local.get $22
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $33
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $23
      local.get $34
      f32x4.mul
      local.get $36
      v128.load offset=16
      f32x4.relaxed_madd
      v128.store offset=16
      local.get $36
      local.get $35
      v128.store
      local.get $2
      i32.const 120
      i32.add
      local.tee $36
      v128.load32_splat
      local.tee $25
      local.get $6
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $36
      v128.load32_splat offset=4
      local.tee $26
      local.get $7
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $36
      v128.load32_splat offset=8
      local.tee $27
      local.get $8
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $36
      v128.load32_splat offset=12
      local.tee $28
      local.get $9
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      local.get $36
      v128.load32_splat offset=16
      local.tee $29
      local.get $10
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $36
      v128.load32_splat offset=20
      local.tee $30
      local.get $11
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $36
      v128.load32_splat offset=24
      local.tee $31
      local.get $12
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $36
      v128.load32_splat offset=28
      local.tee $32
      local.get $13
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $36
      v128.load32_splat offset=36
      local.tee $33
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $14
      local.get $2
      i32.const 152
      i32.add
      v128.load32_splat
      local.tee $34
      f32x4.mul
      local.get $0
      i32.const 96
      i32.add
      v128.load
      f32x4.relaxed_madd
      local.set $35
      local.get $0
      local.get $25
      local.get $15
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $26
      local.get $16
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $27
      local.get $17
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $28
      local.get $18
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      local.get $29
      local.get $19
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $30
      local.get $20
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $31
      local.get $21
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $32
      local.get $22
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $33
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $23
      local.get $34
      f32x4.mul
      local.get $0
      v128.load offset=112
      f32x4.relaxed_madd
      v128.store offset=112
      local.get $0
      local.get $35
      v128.store offset=96
      local.get $0
      i32.const 128
      i32.add
      local.set $0
      local.get $2
      i32.const 160
      i32.add
      local.set $2
      br $for-loop|1
     end
    end

    loop $for-loop|1
     local.get $0
     local.get $23
     i32.lt_u
     if
      local.get $2
      v128.load32_splat offset=12
      local.tee $24
      local.get $8
      local.get $2
      v128.load32_splat offset=8
      local.tee $25
      local.get $7
      local.get $2
      v128.load32_splat offset=4
      local.tee $26
      local.get $6
      local.get $2
      v128.load32_splat
      local.tee $27
      local.get $5
      local.get $2
      v128.load32_splat offset=36
      local.tee $28
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      local.get $2
      v128.load32_splat offset=28
      local.tee $29
      local.get $12
      local.get $2
      v128.load32_splat offset=24
      local.tee $30
      local.get $11
      local.get $2
      v128.load32_splat offset=20
      local.tee $31
      local.get $10
      local.get $2
      v128.load32_splat offset=16
      local.tee $32
      local.get $9
      v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $13
      local.get $2
      i32.const 32
      i32.add
      v128.load32_splat
      local.tee $33
      f32x4.mul
      local.get $0
      v128.load
      f32x4.relaxed_madd
      local.set $34
      local.get $0
      local.get $24
      local.get $17
      local.get $25
      local.get $16
      local.get $26
      local.get $15
      local.get $27
      local.get $14
      local.get $28
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      local.get $29
      local.get $21
      local.get $30
      local.get $20
      local.get $31
      local.get $19
      local.get $32
      local.get $18
      v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $22
      local.get $33
      f32x4.mul
      local.get $0
      v128.load offset=16
      f32x4.relaxed_madd
      v128.store offset=16
      local.get $0
      local.get $34
      v128.store
      local.get $2
      i32.const 40
      i32.add
      local.tee $35
      v128.load32_splat offset=12
      local.tee $24
      local.get $8
      local.get $35
      v128.load32_splat offset=8
      local.tee $25
      local.get $7
      local.get $35
      v128.load32_splat offset=4
      local.tee $26
      local.get $6
      local.get $35
      v128.load32_splat
      local.tee $27
      local.get $5
      local.get $35
      v128.load32_splat offset=36
      local.tee $28
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      local.get $35
      v128.load32_splat offset=28
      local.tee $29
      local.get $12
      local.get $35
      v128.load32_splat offset=24
      local.tee $30
      local.get $11
      local.get $35
      v128.load32_splat offset=20
      local.tee $31
      local.get $10
      local.get $35
      v128.load32_splat offset=16
      local.tee $32
      local.get $9
      v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $13
      local.get $2
      i32.const 72
      i32.add
      v128.load32_splat
      local.tee $33
      f32x4.mul
      local.get $0
      i32.const 32
      i32.add
      v128.load
      f32x4.relaxed_madd
      local.set $34
      local.get $0
      local.get $24
      local.get $17
      local.get $25
      local.get $16
      local.get $26
      local.get $15
      local.get $27
      local.get $14
      local.get $28
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      local.get $29
      local.get $21
      local.get $30
      local.get $20
      local.get $31
      local.get $19
      local.get $32
      local.get $18
      v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $22
      local.get $33
      f32x4.mul
      local.get $0
      v128.load offset=48
      f32x4.relaxed_madd
      v128.store offset=48
      local.get $0
      local.get $34
      v128.store offset=32
      local.get $2
      i32.const 80
      i32.add
      local.tee $35
      v128.load32_splat offset=12
      local.tee $24
      local.get $8
      local.get $35
      v128.load32_splat offset=8
      local.tee $25
      local.get $7
      local.get $35
      v128.load32_splat offset=4
      local.tee $26
      local.get $6
      local.get $35
      v128.load32_splat
      local.tee $27
      local.get $5
      local.get $35
      v128.load32_splat offset=36
      local.tee $28
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      local.get $35
      v128.load32_splat offset=28
      local.tee $29
      local.get $12
      local.get $35
      v128.load32_splat offset=24
      local.tee $30
      local.get $11
      local.get $35
      v128.load32_splat offset=20
      local.tee $31
      local.get $10
      local.get $35
      v128.load32_splat offset=16
      local.tee $32
      local.get $9
      v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $13
      local.get $2
      i32.const 112
      i32.add
      v128.load32_splat
      local.tee $33
      f32x4.mul
      local.get $0
      i32.const -64
      i32.sub
      local.tee $35
      v128.load
      f32x4.relaxed_madd
      local.set $34
      local.get $35
      local.get $24
      local.get $17
      local.get $25
      local.get $16
      local.get $26
      local.get $15
      local.get $27
      local.get $14
      local.get $28
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      local.get $29
      local.get $21
      local.get $30
      local.get $20
      local.get $31
      local.get $19
      local.get $32
      local.get $18
      v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $22
      local.get $33
      f32x4.mul
      local.get $35
      v128.load offset=16
      f32x4.relaxed_madd
      v128.store offset=16
      local.get $35
      local.get $34
      v128.store
      local.get $2
      i32.const 120
      i32.add
      local.tee $35
      v128.load32_splat offset=12
      local.tee $24
      local.get $8
      local.get $35
      v128.load32_splat offset=8
      local.tee $25
      local.get $7
      local.get $35
      v128.load32_splat offset=4
      local.tee $26
      local.get $6
      local.get $35
      v128.load32_splat
      local.tee $27
      local.get $5
      local.get $35
      v128.load32_splat offset=36
      local.tee $28
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      local.get $35
      v128.load32_splat offset=28
      local.tee $29
      local.get $12
      local.get $35
      v128.load32_splat offset=24
      local.tee $30
      local.get $11
      local.get $35
      v128.load32_splat offset=20
      local.tee $31
      local.get $10
      local.get $35
      v128.load32_splat offset=16
      local.tee $32
      local.get $9
      v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $13
      local.get $2
      i32.const 152
      i32.add
      v128.load32_splat
      local.tee $33
      f32x4.mul
      local.get $0
      i32.const 96
      i32.add
      v128.load
      f32x4.relaxed_madd
      local.set $34
      local.get $0
      local.get $24
      local.get $17
      local.get $25
      local.get $16
      local.get $26
      local.get $15
      local.get $27
      local.get $14
      local.get $28
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      local.get $29
      local.get $21
      local.get $30
      local.get $20
      local.get $31
      local.get $19
      local.get $32
      local.get $18
      v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $22
      local.get $33
      f32x4.mul
      local.get $0
      v128.load offset=112
      f32x4.relaxed_madd
      v128.store offset=112
      local.get $0
      local.get $34
      v128.store offset=96
      local.get $0
      i32.const 128
      i32.add
      local.set $0
      local.get $2
      i32.const 160
      i32.add
      local.set $2
      br $for-loop|1
     end
    end
